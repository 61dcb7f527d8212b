"""What a project says it needs: the files in which it declares its requirements.

This room knows such files and versions; it knows neither code nor rules.
"""

from nnmigrate.project.finding import NO_PROJECT, Project, project_of
from nnmigrate.project.requirement import Requirement

__all__ = ["NO_PROJECT", "Project", "Requirement", "project_of"]
