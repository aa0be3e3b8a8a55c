"""The file in ml-32m's layout is made, and prepared by the command."""


def test_every_rating_that_was_invented_is_prepared(benchmark):
    said = benchmark("preparation", "--rows", "5000", "--users", "60", "--items", "300")
    assert said.values["interactions"] >= 5000
    assert said.values["users"] == 60
    assert 0 < said.values["items"] <= 300
    (found,) = said.values["rounds"][0]
    assert found["seconds"] > 0 < found["peak_mib"]


def test_a_parquet_file_is_made_and_prepared_too(benchmark):
    said = benchmark("preparation", "--form", "parquet", "--rows", "5000", "--users", "60", "--items", "300")
    assert said.values["interactions"] == 5000
    assert said.values["users"] <= 60
