"""The two editions of Jira, which differ in how texts, people and accounts are said."""

from enum import StrEnum


class Edition(StrEnum):
    """Which Jira a site is: Atlassian's own cloud, or one that its users run themselves."""

    CLOUD = "cloud"
    DATA_CENTER = "data_center"
