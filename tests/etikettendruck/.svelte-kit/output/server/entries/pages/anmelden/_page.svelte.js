import { h as head, e as escape_html } from "../../../chunks/svelte.js";
function _page($$renderer, $$props) {
  $$renderer.component(($$renderer2) => {
    let { form } = $$props;
    head("1if3aej", $$renderer2, ($$renderer3) => {
      $$renderer3.title(($$renderer4) => {
        $$renderer4.push(`<title>Anmelden</title>`);
      });
    });
    $$renderer2.push(`<h1>Anmelden</h1> <form method="POST"><p><label>Name <input name="name" autocomplete="username" required=""/></label></p> <p><label>Kennwort <input name="kennwort" type="password" autocomplete="current-password" required=""/></label></p> `);
    if (form?.message) {
      $$renderer2.push(`<!--[0--><p role="alert">${escape_html(form.message)}</p>`);
    } else {
      $$renderer2.push("<!--[-1-->");
    }
    $$renderer2.push(`<!--]--> <button>Anmelden</button></form>`);
  });
}
export {
  _page as default
};
