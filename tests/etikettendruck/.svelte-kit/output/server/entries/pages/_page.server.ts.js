import { d as database } from "../../chunks/database.js";
const load = async () => ({
  jobs: await database.printJob.findMany({ orderBy: { id: "desc" }, take: 50, include: { label: true, printer: true } })
});
export {
  load
};
