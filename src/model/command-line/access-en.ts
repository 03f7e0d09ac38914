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
