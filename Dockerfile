# One image for web, worker, beat and migrate; the command says which.
FROM python:3.12-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY worker ./worker
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /app bugferry
WORKDIR /app
COPY --from=build /venv /venv
COPY mappings ./mappings
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BUGFERRY_MAPPINGS=/app/mappings/default.yaml BUGFERRY_LOG_FORMAT=json
USER 10001
EXPOSE 8700
CMD ["bugferry", "web", "--host", "0.0.0.0"]
