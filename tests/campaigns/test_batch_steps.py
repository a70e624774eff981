"""A batch from its upload to its result, by the steps that the state machine calls."""

from tests.campaigns.batch_runner import BatchRunner, csv_bytes, fields_of


def test_a_row_gets_its_link_its_alternative_text_and_its_status(runner: BatchRunner) -> None:
    record = runner.do(csv_bytes([["a@x.dk", "Zoë"], ["b@x.dk", ""]]))
    first, second = runner.rows()
    assert fields_of(first["personalized_image_url"]) == {"first_name": "Zoë"}
    assert (first["Email"], first["alt"], first["status"], first["error"]) == (
        "a@x.dk",
        "Hi Zoë",
        "ok",
        "",
    )
    assert second["status"] == "default"
    assert (record.total, record.ok, record.defaults, record.failed) == (2, 1, 1, 0)
