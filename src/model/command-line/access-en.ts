/** Webhooks and signed-in browsers, as the command line shows them. */
export const webhooks = {
  none: 'No webhook is made.',
  columns: { id: 'ID', kind: 'KIND', of: 'OF', url: 'URL', by: 'BY', since: 'SINCE' },
  all: 'all events',
  made: (id: string) => `Webhook ${id} is made. The key of its signatures is shown this once:`,
  removed: (id: string) => `Webhook ${id} is removed, with its deliveries.`,
  noDelivery: 'Nothing was sent to this webhook yet.',
  deliveries: { at: 'AT', type: 'TYPE', state: 'STATE', tries: 'TRIES', answer: 'ANSWER' },
  states: { pending: 'is tried again', delivered: 'delivered', failed: 'given up' },
  wrongKind: (text: string, kinds: string) => `--kind is "${text}"; the kinds are ${kinds}.`,
};

export const sessions = {
  none: 'No browser is signed in.',
  columns: { id: 'ID', name: 'NAME', by: 'BY', from: 'FROM', since: 'SINCE', until: 'UNTIL' },
  by: { token: 'token', person: 'person' },
  ended: (id: string, name: string) => `Session ${id} of ${name} is ended.`,
};

export const tokens = {
  needsName: 'This needs a --name; it stands in the history of what the token does.',
  needsRole: (roles: readonly string[]) => `This needs a --role: ${roles.join(', ')}.`,
  noAction: (text: string, actions: readonly string[]) =>
    `"${text}" is no action; there are ${actions.join(', ')}.`,
  duration: 'a duration such as 90d, 12h or 10m',
  none: 'No token was created. Tokens of the configuration are not listed.',
  columns: { id: 'ID', name: 'NAME', role: 'ROLE', scope: 'SCOPE', state: 'STATE', ends: 'ENDS', by: 'BY' },
  states: { living: 'living', expired: 'expired', revoked: 'revoked' },
  never: 'never',
  revoked: (id: string, name: string) => `Token ${id} (${name}) is revoked.`,
  made: (facts: { id: string; name: string; role: string; ends: string | null; oldUntil: string | null }) =>
    `Token ${facts.id} (${facts.name}, ${facts.role}) ${facts.ends === null ? 'does not end by itself' : `ends at ${facts.ends}`}.${facts.oldUntil === null ? '' : ` The old text counts until ${facts.oldUntil}.`} Its text is shown this once:`,
  everything: 'everything',
  scopes: { masters: 'masters', nodes: 'nodes', actions: 'actions' },
  scope: (lists: readonly (readonly [name: string, list: readonly string[]])[]) =>
    lists.map(([name, list]) => `${name} ${list.join(',')}`).join('; '),
};

export const trail = {
  none: 'No entries.',
  columns: {
    seq: 'SEQ',
    time: 'TIME',
    who: 'WHO',
    from: 'FROM',
    via: 'VIA',
    act: 'ACT',
    object: 'OBJECT',
    outcome: 'OUTCOME',
  },
  noTime: (text: string) => `--since ${text} is no time: give 24h, or 2026-12-01T22:00.`,
  written: (file: string) => `The trail is in ${file}. To check it: pika-expander trail verify ${file}`,
  unreadable: (what: 'trail' | 'head' | 'key', why: string) =>
    `${{ trail: 'The trail', head: 'The kept head', key: 'The key' }[what]} cannot be read: ${why}`,
  forms: {
    trail: 'An export is a file as pika-expander trail export --out FILE writes it: docs/trail.md.',
    head: 'A head is a file as pika-expander trail head prints it: docs/trail.md.',
    key: 'Give the id of the key, or a file with the public key in PEM: GET /v1/evidence-key.',
  },
};
