"""FastAPI: receives webhooks, shows what is going on, answers health checks. It never imports the tasks."""
