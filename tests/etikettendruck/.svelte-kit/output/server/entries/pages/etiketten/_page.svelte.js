import { h as head, e as escape_html, b as ensure_array_like, c as attr } from "../../../chunks/svelte.js";
function _page($$renderer, $$props) {
  $$renderer.component(($$renderer2) => {
    let { data, form } = $$props;
    head("111ah8o", $$renderer2, ($$renderer3) => {
      $$renderer3.title(($$renderer4) => {
        $$renderer4.push(`<title>Etiketten</title>`);
      });
    });
    $$renderer2.push(`<h1>Etiketten</h1> `);
    if (form?.message) {
      $$renderer2.push(`<!--[0--><p role="alert">${escape_html(form.message)}</p>`);
    } else {
      $$renderer2.push("<!--[-1-->");
    }
    $$renderer2.push(`<!--]--> <form method="POST" action="?/anlegen" enctype="multipart/form-data"><label>Titel <input name="titel" required=""/></label> <label>Text <textarea name="text"></textarea></label> <label>Datei <input name="datei" type="file" accept="image/png,image/jpeg,application/pdf"/></label> <button>Anlegen</button></form> <ul><!--[-->`);
    const each_array = ensure_array_like(data.labels);
    for (let $$index_1 = 0, $$length = each_array.length; $$index_1 < $$length; $$index_1++) {
      let label = each_array[$$index_1];
      $$renderer2.push(`<li><strong>${escape_html(label.title)}</strong> ${escape_html(label.content)} `);
      if (label.file) {
        $$renderer2.push(`<!--[0-->(mit Datei)`);
      } else {
        $$renderer2.push("<!--[-1-->");
      }
      $$renderer2.push(`<!--]--> <form method="POST" action="?/drucken"><input type="hidden" name="etikett"${attr("value", label.id)}/> <select name="drucker" aria-label="Drucker"><!--[-->`);
      const each_array_1 = ensure_array_like(data.printers);
      for (let $$index = 0, $$length2 = each_array_1.length; $$index < $$length2; $$index++) {
        let printer = each_array_1[$$index];
        $$renderer2.option({ value: printer.id }, ($$renderer3) => {
          $$renderer3.push(`${escape_html(printer.name)}`);
        });
      }
      $$renderer2.push(`<!--]--></select> <button>Drucken</button></form></li>`);
    }
    $$renderer2.push(`<!--]--></ul>`);
  });
}
export {
  _page as default
};
