"""The description as a page to read: plain HTML, nothing from elsewhere."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

OpenApiDocument = dict[str, Any]
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
STYLESHEET = """
:root { color-scheme: light dark }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
nav a { margin-right: .8rem } h2 { margin-top: 3rem } h3 { margin: 2.2rem 0 .2rem }
code, pre { font: 14px/1.5 ui-monospace, monospace }
pre { padding: 1rem; overflow-x: auto; border-radius: .5rem; background: #8881 }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid #8884 }
.method { font-weight: 700; margin-right: .5rem } .quiet { opacity: .75 }
"""


TAGS = ("Images", "Links", "Templates", "Previews", "Assets", "Service")
METHODS = ("post", "put", "get", "patch", "delete")
RETRY_LATER = "wait"
FIX_REQUEST = "correct"
PROBLEMS = (
    (
        400,
        "invalid_json invalid_request unknown_name missing_value bad_value too_many",
        FIX_REQUEST,
    ),
    (400, "image_unavailable", FIX_REQUEST),
    (401, "missing_key unknown_key revoked_key expired_key", FIX_REQUEST),
    (403, "missing_scope other_template bad_signature", FIX_REQUEST),
    (404, "not_found", FIX_REQUEST),
    (405, "method_not_allowed", FIX_REQUEST),
    (409, "in_progress conflict", "read again, then repeat"),
    (410, "deleted", FIX_REQUEST),
    (412, "precondition_failed", "read again, then repeat"),
    (413, "body_too_large", FIX_REQUEST),
    (414, "link_too_long", FIX_REQUEST),
    (415, "unsupported_media_type", FIX_REQUEST),
    (422, "idempotency_mismatch", "read again, then repeat"),
    (429, "rate_limited quota_exceeded", RETRY_LATER),
    (500, "internal_error", RETRY_LATER),
    (503, "service_unavailable", RETRY_LATER),
    (504, "timeout", RETRY_LATER),
)


def docs_html(openapi: OpenApiDocument, base_url: str) -> str:
    """The whole page; `base_url` stands in its examples."""
    groups: dict[str, list[str]] = {tag: [] for tag in TAGS}
    for path, method, operation in _sorted_operations(openapi):
        section = "".join(_operation_html(openapi, base_url, method, path, operation))
        groups[operation["tags"][0]].append(section)
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in groups)
    parts = (
        f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(sections)}'
        for tag, sections in groups.items()
    )
    title = escape(openapi["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title} API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLESHEET}</style><h1>{title}</h1><p>{escape(openapi['info']['description'])} "
        'The machine-readable description is <a href="/openapi.json">/openapi.json</a>, a '
        'template\'s schema <a href="/v1/template.schema.json">/v1/template.schema.json</a>.</p>'
        f'<nav>{links}<a href="#problems">Problems</a></nav>{"".join(parts)}{_problems_html()}</html>'
    )


def _sorted_operations(openapi: OpenApiDocument) -> list[tuple[str, str, OpenApiDocument]]:
    """What makes a thing before what reads it, and the thing before its parts."""
    calls = [(p, m, o) for p, methods in openapi["paths"].items() for m, o in methods.items()]
    return sorted(calls, key=lambda call: (call[0].count("/"), METHODS.index(call[1])))


def _operation_html(
    openapi: OpenApiDocument, base_url: str, method: str, path: str, operation: OpenApiDocument
) -> Iterator[str]:
    scopes = sorted({s for way in operation.get("security", []) for v in way.values() for s in v})
    who = f"scope {' or '.join(scopes)}" if scopes else "public"
    yield f"<h3>{escape(operation['summary'])}</h3>"
    yield f'<p><code><span class="method">{method.upper()}</span>{escape(path)}</code> '
    yield f'<span class="quiet">{who}</span></p>'
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    rows = [*_parameter_rows(operation), *_body_rows(openapi, operation)]
    if rows:
        yield f"<table><tr><th>Name<th>Type<th></tr>{''.join(rows)}</table>"
    yield f"<pre>{escape(_curl_example(openapi, base_url, method, path, operation))}</pre>"


def _parameter_rows(operation: OpenApiDocument) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        note = f"in the {parameter['in']}"
        yield _table_row(parameter["name"], parameter["schema"], note)


def _body_rows(openapi: OpenApiDocument, operation: OpenApiDocument) -> Iterator[str]:
    schema = _body_schema(openapi, operation)
    for name, member in schema.get("properties", {}).items():
        needed = "required" if name in schema.get("required", []) else ""
        yield _table_row(name, member, f"{needed} {member.get('description', '')}".strip())


def _table_row(name: str, schema: OpenApiDocument, description: str) -> str:
    default = schema.get("default")
    usual = f" Default {json.dumps(default)}." if default not in (None, []) else ""
    cells = f"<td><code>{escape(name)}</code><td>{escape(_type_name(schema))}"
    return f"<tr>{cells}<td>{escape(description + usual)}</tr>"


def _type_name(schema: OpenApiDocument) -> str:
    if "enum" in schema:
        return " ".join(str(word) for word in schema["enum"])
    kinds = [
        _type_name(member) for member in schema.get("anyOf", []) if member.get("type") != "null"
    ]
    return " or ".join(kinds) or str(schema.get("const") or schema.get("type", "any"))


def _body_schema(openapi: OpenApiDocument, operation: OpenApiDocument) -> OpenApiDocument:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema: OpenApiDocument = content.get("schema", {})
    if "$ref" in schema:
        found: OpenApiDocument = openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _curl_example(
    openapi: OpenApiDocument, base_url: str, method: str, path: str, operation: OpenApiDocument
) -> str:
    lines = [f"curl -X {method.upper()} {base_url}{path}"]
    if operation.get("security"):
        lines.append('-H "Authorization: Bearer $POSTCARD_KEY"')
    examples = _body_schema(openapi, operation).get("examples")
    if "requestBody" in operation:
        lines.append('-H "Content-Type: application/json"')
        body = f"'{json.dumps(examples[0], indent=2)}'" if examples else "@template.json"
        lines.append(f"-d {body}")
    return " \\\n  ".join(lines)


def _problems_html() -> str:
    rows = (
        f'<tr id="{code}"><td>{status}<td><code>{code}</code><td>{then}</tr>'
        for status, codes, then in PROBLEMS
        for code in codes.split()
    )
    return (
        '<h2 id="problems">Problems</h2><p>Every failure is application/problem+json (RFC 9457); '
        "its detail says what to do, its errors point into the body.</p>"
        f"<table><tr><th>Status<th>Code<th>Then</tr>{''.join(rows)}</table>"
    )
