import { type ConnectorCode, connectorSays, type connectorTexts } from '../../src/model/connector-texts.ts';
import type { FactsOf, Said } from '../../src/model/text.ts';

const sentinel = '10.0.1.1:26379';
const shop = { sentinel, masterName: 'shop' };

/** Facts of every code, in the shapes that the connectors make. */
const facts: { readonly [Code in ConnectorCode]: FactsOf<typeof connectorTexts, Code> } = {
  answered: { status: 503, quoted: '' },
  refused: { code: '310000', quoted: '' },
  answered_no: {},
  no_answer: { seconds: 10 },
  cut_off: {},
  connection_refused: {},
  name_not_resolved: {},
  forbidden_address: { host: 'h.example', addresses: ['169.254.169.254'] },
  private_address: { host: 'h.example', addresses: ['10.0.0.9'] },
  connection_failed: { detail: 'connect EHOSTUNREACH' },
  server_said: { server: 'http://10.0.2.1:18080', detail: 'group-[1] is promoting' },
  sentinel_silent: { sentinel, detail: 'connect ECONNREFUSED' },
  sentinel_other_master: { ...shop, found: '10.0.0.3:9221', master: '10.0.0.1:9221' },
  sentinel_not_listed: shop,
  sentinel_flags: { sentinel, flags: ['s_down', 'disconnected'] },
  sentinel_link: { sentinel, status: 'err' },
  sentinel_still_lists: shop,
  sentinel_reset: shop,
  sentinel_reset_waits: { ...shop, flags: 'master,s_down', others: 1 },
  codis_no_group: { master: '10.0.0.1:9221' },
  codis_other_group: { group: 7 },
  codis_is_master: { group: 7 },
  codis_action: { state: 'pending' },
  codis_unsettled: { group: 7 },
  not_as_documented: { server: 'http://10.0.2.1:18080' },
  file_not_written: { path: '/etc/proxy/slaves.conf', met: 'EACCES' },
};

export const connectorSamples: readonly Said[] = Object.entries(facts).map(([code, of]) =>
  connectorSays(code as 'answered', of as FactsOf<typeof connectorTexts, 'answered'>),
);
