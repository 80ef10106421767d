// An application that is not well gets a new process, a few times an hour and no more; then somebody is told.
import { ailment } from "./health.mjs";
import { recycle } from "./iis.mjs";
import { read } from "./journal.mjs";

const KEY = "ungesund";
const HOUR = 3_600_000;

export async function watch(settings, alarms) {
  const journal = read(settings);
  if (!journal?.current || journal.run || journal.maintenance) return false;
  const ill = await ailment(settings, journal.current);
  if (!ill) return alarms.over(KEY);
  const recent = (alarms.memory.restarts ?? []).filter((at) => at > Date.now() - HOUR);
  if (recent.length >= settings.restarts_per_hour) {
    return alarms.raise(KEY, `${settings.app} ist nicht gesund (${ill}); ${recent.length} Neustarts in einer Stunde halfen nicht. Nächster Schritt: Protokolle unter ${settings.logs} ansehen.`);
  }
  alarms.remember({ restarts: [...recent, Date.now()] });
  await recycle(settings);
  await alarms.tell(`${settings.app} war nicht gesund (${ill}) und wurde neu gestartet (${recent.length + 1} von ${settings.restarts_per_hour} je Stunde).`);
  return (await ailment(settings, journal.current)) !== "";
}
