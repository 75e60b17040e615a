/** The element that the page is known to have. */
export function find<T extends HTMLElement>(kind: new () => T, selector: string, within: ParentNode = document): T {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`no ${selector}`);
  return found;
}

/** Seen, and read out. */
export function announce(text: string): void {
  find(HTMLElement, '[role=status]').textContent = text;
}

/** Each `button.copy` copies the code of its own block. */
export function copyOnClick(): void {
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>('button.copy');
    if (button) void copy(button);
  });
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const code = find(HTMLElement, 'code', button.closest('.code')!);
  let said = 'Copied';
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection()?.selectAllChildren(code); // no clipboard without https: selected, it is one key away
    said = 'Selected';
  }
  const before = button.textContent;
  button.textContent = said;
  setTimeout(() => (button.textContent = before), 1500);
}
