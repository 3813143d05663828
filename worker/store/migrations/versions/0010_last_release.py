"""The release in which an issue looked so last. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of a look that was kept before, only its first release is known."""
    op.add_column("signatures", sa.Column("last_release", sa.Text()))
