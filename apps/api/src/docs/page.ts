export const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Of our own sentences: `code` in back-ticks. */
export const sentence = (text: string): string => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const PAGES = { '/docs': 'Reference', '/docs/first-week': 'First week', '/docs/problems': 'Problems' };

interface Page {
  path: keyof typeof PAGES;
  title: string;
  /** HTML. */
  body: string;
  /** Of assets/, and what they need first. */
  scripts?: string[];
  styles?: string[];
}

/** The frame of all pages: no inline script, nothing from elsewhere. */
export function page({ path, title, body, scripts = [], styles = [] }: Page): string {
  const links = Object.entries(PAGES).map(([to, name]) => `<a href="${to}"${to === path ? ' aria-current="page"' : ''}>${name}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${title} · NCY_8 API</title>
<link rel="icon" href="/docs/icon.svg" type="image/svg+xml">
${[...styles, '/docs/style.css'].map((href) => `<link rel="stylesheet" href="${href}">`).join('\n')}
${scripts.map((src) => `<script type="${src.includes('/built/') ? 'module' : 'text/javascript'}" src="${src}" defer></script>`).join('\n')}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><a class="name" href="/docs">NCY_8 <span>API</span></a>
<nav aria-label="Documentation">${links.join('')}<a href="/openapi.json">openapi.json</a></nav></header>
<main id="main" tabindex="-1">
${body}
</main>
</body></html>`;
}
