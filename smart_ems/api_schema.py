"""What the OpenAPI schema says beyond what the view sets know: bodies of one kind, the answer of the intake, errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from smart_ems.accounts.token_scopes import needed_scope

JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = {"$ref": "#/components/schemas/Problem"}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "What was wrong: a sentence under detail, or sentences under the name of each field.",
    "properties": {"detail": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}},
    "additionalProperties": {},
}
EVERYWHERE = {
    "400": "A parameter or the body is not what was expected; unknown parameters are named.",
    "401": "No valid token and no session.",
    "403": "The user may not do this, or the token lacks the scope.",
    "429": "Too many requests; Retry-After says when to go on.",
    "503": "The database cannot be reached; Retry-After says when to try again.",
}
WITH_BODY = {
    "413": "The body is larger than one request may be.",
    "415": "The body is of another media type or encoding.",
}


class ScopedSchema(AutoSchema):
    """Says at each operation which scope a token needs."""

    def get_operation(self, *args: Any, **values: Any) -> Any:
        operation: dict[str, Any] | None = super().get_operation(*args, **values)
        if operation is not None and self.view.authentication_classes:
            operation["x-token-scope"] = str(needed_scope(self.view, self.method))
        return operation


def tell_the_truth(result: dict[str, Any], generator: object, **kwargs: object) -> dict[str, Any]:
    """Postprocessing hook: one media type for each body, errors with their schema, and both forms of the intake."""
    result["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                _describe(path, method, operations[method])
    _intake(result["paths"]["/api/readings/"]["post"])
    return result


def _describe(path: str, method: str, operation: dict[str, Any]) -> None:
    body = operation.get("requestBody", {}).get("content", {})
    if JSON in body:
        operation["requestBody"]["content"] = {JSON: body[JSON]}
    errors = dict(EVERYWHERE)
    if scope := operation.get("x-token-scope"):
        errors["403"] = f"The user may not do this, or the token lacks the scope `{scope}`."
    if "{" in path:
        errors["404"] = "Nothing has this id."
    if method != "get":
        errors |= WITH_BODY
    for status, said in errors.items():
        operation["responses"].setdefault(status, {"description": said})
    for status, answer in operation["responses"].items():
        if status.startswith(("4", "5")):
            answer.setdefault("content", {JSON: {"schema": PROBLEM}})
            answer["description"] = answer.get("description") or "Somebody else was first, or it is not possible now."
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _intake(operation: dict[str, Any]) -> None:
    """One reading or a list of them; the answer is a list, of which no page is made."""
    operation.pop("parameters", None)
    row = {"$ref": "#/components/schemas/ReadingRowRequest"}
    many = {"type": "array", "items": row}
    operation["requestBody"] = {"content": {JSON: {"schema": {"oneOf": [row, many]}}}, "required": True}
    answers = {JSON: {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/RowAnswer"}}}}
    operation["responses"]["200"] = {"description": "One answer per row, in their order.", "content": answers}
    operation["responses"]["422"] = {"description": "Every row was rejected.", "content": answers}
