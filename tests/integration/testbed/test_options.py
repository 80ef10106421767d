"""Wrong options are refused before anything is touched, with what was seen and what would be right."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["up", "Nicht_gut"], "„Nicht_gut“ ist kein gültiger Name"),
        (["up", "tiny", "--hosts", "web1=debian11"], "Unbekannte Host-Art „debian11“"),
        (["up", "tiny", "--hosts", "web1,web1"], "--hosts ist nicht verständlich"),
        (["up", "tiny", "--publish", "web1:80"], "HOST:PORT-IM-HOST:PORT-AUF-LOOPBACK"),
        (["up", "tiny", "--publish", "web9:80:8080"], "unbekannter Host web9"),
        (["up", "tiny", "--password-login", "web9"], "unbekannter Host web9"),
        (["ssh", "tiny", "web1"], "Testbed „tiny“ läuft nicht"),
        (["images", "nginx"], "Unbekanntes Image „nginx“"),
    ],
)
def test_wrong_option_is_refused_with_the_next_step(command, arguments, message):
    answer = command(*arguments)
    assert answer.returncode == 1
    assert message in answer.stderr
    assert "Nächster Schritt:" in answer.stderr
    assert "Traceback" not in answer.stderr
