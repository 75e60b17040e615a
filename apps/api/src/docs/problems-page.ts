import { PROBLEMS } from '#core';
import { page, sentence } from './page.js';

/** Every problem code with its status, meaning and cure. */
export function problemsPage(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title, cure }]) => `<tr id="${code}"><th scope="row"><a href="#${code}"><code>${code}</code></a></th>
<td><span class="status">${status}</span></td><td>${sentence(title)}</td><td>${sentence(cure)}</td></tr>`,
  );
  return page({
    path: '/docs/problems',
    title: 'Problems',
    body: `<h1>Problems</h1>
<p class="lead">Every refusal is an <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a> document. Its <code>code</code> is stable; its <code>requestId</code> is what the operator finds it by.</p>
<table class="problems"><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th><th scope="col">What to do</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table>`,
  });
}
