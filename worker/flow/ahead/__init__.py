"""Looking ahead: what would be done, without a write anywhere."""
