"""Types are learned before there are threads: a half learned one ends a program by SIGSEGV."""

import subprocess
import sys

IN_FOUR_THREADS = """
import sys, threading
import msgspec
from pitboard.program.known_types import learn_types
sys.setswitchinterval(1e-6)
structs = []
for number in range(40):
    inner = msgspec.defstruct(f"Inner{number}", [(f"f{one}", "int | None | str", None) for one in range(30)])
    structs.append(
        msgspec.defstruct(f"Outer{number}", [(f"g{one}", list[inner] | None, None) for one in range(30)])
    )
assert learn_types() >= 80
for struct in structs:
    together = threading.Barrier(4)
    def read():
        together.wait()
        msgspec.json.decode(b'{"g29":[{"f29":1}]}', type=struct)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
"""


def test_four_threads_that_read_a_type_for_the_first_time_end_no_program() -> None:
    done = subprocess.run([sys.executable, "-c", IN_FOUR_THREADS], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
