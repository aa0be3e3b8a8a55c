"""The file in ml-32m's layout is made, and prepared by the command."""


def test_every_rating_that_was_invented_is_prepared(benchmark):
    said = benchmark("preparation", "--ratings", "5000", "--users", "60", "--items", "300")
    assert said.values["interactions"] >= 5000
    assert said.values["users"] == 60
    assert 0 < said.values["items"] <= 300
    assert said.values["seconds"] > 0 < said.values["peak_mib"]
