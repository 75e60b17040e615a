/** What a mail may say about its reader. */
export interface MailFacts {
  firstName: string;
  company: string;
  /** What the link begins with, without a slash at the end. */
  publicUrl: string;
  token: string;
}

interface Content {
  subject: string;
  /** Before the link. */
  lines: string[];
  link?: { path: string; label: string };
  /** After the link. */
  ending: string;
}

const templates = {
  invitation: ({ company }: MailFacts): Content => ({
    subject: `Your invitation to ${company}`,
    lines: [`${company} keeps its working time here and has made an account for you.`, 'Open this link and choose a password:'],
    link: { path: '/accept-invitation', label: 'Accept the invitation' },
    ending: 'The link works once, for 7 days. If you do not know who invited you, ignore this mail.',
  }),
  password_reset: ({ company }: MailFacts): Content => ({
    subject: `Reset your password at ${company}`,
    lines: [`Somebody, hopefully you, asked for a new password for your account at ${company}.`, 'Open this link and choose one:'],
    link: { path: '/reset-password', label: 'Choose a new password' },
    ending: 'The link works once, for one hour. If it was not you, ignore this mail: your password stays as it is.',
  }),
  email_changed: ({ company }: MailFacts): Content => ({
    subject: `Your e-mail address at ${company} was changed`,
    lines: [`Your account at ${company} now has another e-mail address. This one no longer signs you in, and nothing more is sent to it.`],
    ending: `If you did not expect this, talk to an administrator of ${company}.`,
  }),
} satisfies Record<string, (facts: MailFacts) => Content>;

export type MailTemplate = keyof typeof templates;

/** Subject, text and HTML of a mail. @throws for a template that this version does not know */
export function render(template: string, facts: MailFacts): { subject: string; text: string; html: string } {
  const told = { ...facts, firstName: plainName(facts.firstName), company: plainName(facts.company) };
  const write = templates[template as MailTemplate] as ((facts: MailFacts) => Content) | undefined;
  if (!write) throw new Error(`no mail template ${template}`);
  const { subject, lines, link, ending } = write(told);
  const address = link && `${told.publicUrl}${link.path}?token=${told.token}`;
  const greeting = `Hello ${told.firstName},`;
  return {
    subject,
    text: `${[greeting, ...lines, ...(address ? [address] : []), ending].join('\n\n')}\n`,
    html: [
      '<!doctype html><html lang="en"><body style="font-family: sans-serif; line-height: 1.5">',
      ...[greeting, ...lines].map(paragraph),
      ...(link && address ? [`<p><a href="${escape(address)}">${escape(link.label)}</a></p>`] : []),
      paragraph(ending),
      '</body></html>',
    ].join('\n'),
  };
}

/** Where two letters follow, a mail program may take it for part of a domain, and link that; the last three are dots to browsers too. */
const DOT_BEFORE_LETTERS = /(?<=\S)[.。．｡](?=[\p{L}\p{M}]{2})/gu;

/** Anybody may sign up, name a company as they like and have us write to a stranger: names stay short, on one line, and no links. */
export const plainName = (name: string): string =>
  Array.from(
    name
      .replace(/[\s\p{C}/\\@]+/gu, ' ')
      .replace(DOT_BEFORE_LETTERS, '$& ')
      .trim(),
  )
    .slice(0, 60)
    .join('')
    .trimEnd();

const paragraph = (text: string): string => `<p>${escape(text)}</p>`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
