// What the Windows service runs: the release that release.txt beside this file names.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const choice = join(folder, "release.txt");

if (existsSync(choice)) {
  const release = join(folder, "..", "releases", readFileSync(choice, "utf8").trim());
  process.chdir(release);
  await import(pathToFileURL(join(release, "build", "index.js")));
} else {
  console.log(`Noch kein Release ausgerollt: ${choice} fehlt.`); // exit code 0, so that Windows does not start it again
}
