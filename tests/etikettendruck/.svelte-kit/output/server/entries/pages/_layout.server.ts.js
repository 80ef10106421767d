import { s as settings } from "../../chunks/settings.js";
const load = ({ locals }) => ({ user: locals.user, version: settings.version });
export {
  load
};
