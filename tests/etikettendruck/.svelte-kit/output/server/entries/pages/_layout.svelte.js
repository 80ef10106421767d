import { e as escape_html } from "../../chunks/svelte.js";
import "clsx";
function _layout($$renderer, $$props) {
  $$renderer.component(($$renderer2) => {
    let { data, children } = $$props;
    if (data.user) {
      $$renderer2.push(`<!--[0--><nav class="svelte-12qhfyh"><a href="/">Warteschlange</a> <a href="/etiketten">Etiketten</a> <a href="/drucker">Drucker</a> <form method="POST" action="/abmelden"><button>${escape_html(data.user.name)} abmelden</button></form></nav>`);
    } else {
      $$renderer2.push("<!--[-1-->");
    }
    $$renderer2.push(`<!--]--> <main>`);
    children($$renderer2);
    $$renderer2.push(`<!----></main> <footer class="svelte-12qhfyh">Etikettendruck ${escape_html(data.version)}</footer>`);
  });
}
export {
  _layout as default
};
