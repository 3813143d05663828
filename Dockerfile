# One image for web, worker, beat and migrate; the command says which.
FROM python:3.12-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY worker ./worker
# Editable: the shipped mappings are found beside the package, as in a checkout.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app bugferry
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app ./
COPY mappings ./mappings
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BUGFERRY_DATA_DIR=/tmp/bugferry BUGFERRY_LOG_FORMAT=json \
    MPLCONFIGDIR=/tmp/matplotlib
USER 10001
EXPOSE 8700
CMD ["bugferry", "web", "--host", "0.0.0.0"]
