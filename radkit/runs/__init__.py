"""L7: parametrized notebooks: what they let you set (schema, check), and running them into a folder (execute)."""

from radkit.runs.execute import RunFailed, RunResult, execute
from radkit.runs.schema import Parameter, Schema, check, schema
from radkit.runs.template import Template, lesson_slugs, template

__all__ = [
    "Parameter", "RunFailed", "RunResult", "Schema", "Template", "check", "execute", "lesson_slugs", "schema",
    "template",
]  # fmt: skip
