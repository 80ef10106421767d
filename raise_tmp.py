import os
os.environ["UPKEEP_TEST_BED"]="fleet"
from tests.integration.fleet.fleet import raised
import time
t=time.time(); f=raised("fleet", True); print("raised", time.time()-t); print(f.running(), f.drained(), f.serving())
