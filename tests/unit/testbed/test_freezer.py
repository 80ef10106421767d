"""Control groups end while they are looked through: Docker takes those of a host away that is being removed."""

import shutil

from testbed import freezer


def test_folders_that_go_while_they_are_looked_through_are_passed_over(tmp_path):
    (tmp_path / "host/docker/container").mkdir(parents=True)
    walked = freezer._states(tmp_path)
    next(walked)
    shutil.rmtree(tmp_path / "host")
    assert list(walked) == []


def test_a_place_that_is_not_there_has_no_states_to_read(tmp_path):
    freezer._thaw([tmp_path / "gone"])
