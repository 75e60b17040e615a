import { PROBLEMS } from '#core';

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Every problem code with its status, meaning and cure. */
export function problemsPage(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title, cure }]) =>
      `<tr id="${code}"><td><a href="#${code}"><code>${code}</code></a></td><td>${status}</td><td>${escape(title)}</td><td>${escape(cure).replace(/`([^`]+)`/g, '<code>$1</code>')}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>NCY_8 problems</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1f24;background:#fff}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.4rem .8rem;border-bottom:1px solid #d9dee3}tr:target{background:#fff6d6}code{font-size:.9em}a{color:#0b57d0}
@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e8ea}td,th{border-color:#33393f}tr:target{background:#4a3f12}a{color:#8ab4f8}}</style></head>
<body><h1>Problems</h1><p>Every refusal is an <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a> document; its <code>code</code> is stable.</p>
<table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th><th>What to do</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></body></html>`;
}
