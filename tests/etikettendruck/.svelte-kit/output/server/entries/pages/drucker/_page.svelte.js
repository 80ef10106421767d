import { h as head, e as escape_html, b as ensure_array_like } from "../../../chunks/svelte.js";
function _page($$renderer, $$props) {
  $$renderer.component(($$renderer2) => {
    let { data, form } = $$props;
    head("3muemv", $$renderer2, ($$renderer3) => {
      $$renderer3.title(($$renderer4) => {
        $$renderer4.push(`<title>Drucker</title>`);
      });
    });
    $$renderer2.push(`<h1>Drucker</h1> `);
    if (form?.message) {
      $$renderer2.push(`<!--[0--><p role="alert">${escape_html(form.message)}</p>`);
    } else {
      $$renderer2.push("<!--[-1-->");
    }
    $$renderer2.push(`<!--]--> <form method="POST"><label>Name <input name="name" required=""/></label> <label>Adresse <input name="adresse" required=""/></label> <label>Port <input name="port" type="number" value="9100" min="1" max="65535"/></label> <button>Speichern</button></form> <ul><!--[-->`);
    const each_array = ensure_array_like(data.printers);
    for (let $$index = 0, $$length = each_array.length; $$index < $$length; $$index++) {
      let printer = each_array[$$index];
      $$renderer2.push(`<li>${escape_html(printer.name)}: ${escape_html(printer.host)}:${escape_html(printer.port)}</li>`);
    }
    $$renderer2.push(`<!--]--></ul>`);
  });
}
export {
  _page as default
};
