import { h as head, b as ensure_array_like, e as escape_html } from "../../chunks/svelte.js";
function _page($$renderer, $$props) {
  $$renderer.component(($$renderer2) => {
    let { data } = $$props;
    const words = {
      queued: "wartet",
      printing: "druckt",
      printed: "gedruckt",
      failed: "gescheitert"
    };
    head("1uha8ag", $$renderer2, ($$renderer3) => {
      $$renderer3.title(($$renderer4) => {
        $$renderer4.push(`<title>Warteschlange</title>`);
      });
    });
    $$renderer2.push(`<h1>Warteschlange</h1> <table><thead><tr><th>Nr.</th><th>Etikett</th><th>Drucker</th><th>Stand</th></tr></thead><tbody>`);
    const each_array = ensure_array_like(data.jobs);
    if (each_array.length !== 0) {
      $$renderer2.push("<!--[-->");
      for (let $$index = 0, $$length = each_array.length; $$index < $$length; $$index++) {
        let job = each_array[$$index];
        $$renderer2.push(`<tr><td>${escape_html(job.id)}</td><td>${escape_html(job.label.title)}</td><td>${escape_html(job.printer.name)}</td><td>${escape_html(words[job.state])} ${escape_html(job.error ?? "")}</td></tr>`);
      }
    } else {
      $$renderer2.push(`<!--[!--><tr><td colspan="4">Noch nichts gedruckt.</td></tr>`);
    }
    $$renderer2.push(`<!--]--></tbody></table>`);
  });
}
export {
  _page as default
};
