import { redirect } from "@sveltejs/kit";
import { e as end } from "../../../chunks/sessions.js";
async function POST({ cookies }) {
  const token = cookies.get("sitzung");
  if (token) await end(token);
  cookies.delete("sitzung", { path: "/" });
  redirect(303, "/anmelden");
}
export {
  POST
};
