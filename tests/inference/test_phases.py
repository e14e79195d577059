from __future__ import annotations

import threading

from pathview.inference.phases import Phase, announce, heard_by


def test_what_is_announced_is_heard_while_one_listens_and_by_the_innermost() -> None:
    outer: list[Phase] = []
    inner: list[Phase] = []
    announce(Phase.TISSUE)
    with heard_by(outer.append):
        announce(Phase.LOADING)
        with heard_by(inner.append):
            announce(Phase.COMPARING)
        announce(Phase.CHECKING)
    announce(Phase.TISSUE)
    assert outer == [Phase.LOADING, Phase.CHECKING]
    assert inner == [Phase.COMPARING]


def test_another_thread_is_not_heard() -> None:
    heard: list[Phase] = []
    with heard_by(heard.append):
        thread = threading.Thread(target=announce, args=(Phase.LOADING,))
        thread.start()
        thread.join()
    assert heard == []


def test_a_run_that_scores_has_no_words_for_it() -> None:
    assert not Phase.SCORING
    assert all(phase for phase in Phase if phase is not Phase.SCORING)
