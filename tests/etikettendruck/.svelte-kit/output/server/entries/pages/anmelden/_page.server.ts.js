import { fail, redirect } from "@sveltejs/kit";
import { a as audit } from "../../../chunks/database.js";
import { b as begin } from "../../../chunks/sessions.js";
const actions = {
  default: async ({ request, cookies, url, getClientAddress }) => {
    const form = await request.formData();
    const name = String(form.get("name") ?? "");
    const session = await begin(name, String(form.get("kennwort") ?? ""));
    if (!session) {
      audit.securityEvent("Anmeldung abgelehnt", "medium", { name, from: getClientAddress() });
      return fail(400, { message: "Name oder Kennwort stimmt nicht." });
    }
    const secure = url.protocol === "https:";
    cookies.set("sitzung", session.token, { path: "/", httpOnly: true, sameSite: "lax", secure });
    audit.userAction(session.userId, "angemeldet", "sitzung");
    redirect(303, "/");
  }
};
export {
  actions
};
