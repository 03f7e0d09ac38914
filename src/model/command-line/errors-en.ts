/** What the command line says of its own errors; what the service refuses, the service says. */
export const usage = {
  see: (command: string) => `See the options and examples: ${command} --help`,
  didYouMean: (names: string) => `Did you mean ${names}?`,
  or: ' or ',
  unknownOption: (option: string) => `There is no option ${option}.`,
  unknownCommand: (command: string) => `There is no command "${command}".`,
  missingArgument: (name: string) => `The argument <${name}> is missing.`,
  missingValue: (option: string) => `The option ${option} needs its value.`,
  missingOption: (option: string) => `The option ${option} is missing.`,
  tooMany: (expected: string, given: string) =>
    `There are too many arguments: ${given}. ${expected} can be given.`,
  notAllowed: (option: string, value: string, allowed: string) =>
    `The option ${option} is "${value}"; it can be ${allowed}.`,
  conflict: (option: string, other: string) => `The options ${option} and ${other} exclude each other.`,
  inside: (text: string) => `Something went wrong inside this command. ${text}`,
  goesOn: 'What was started before goes on in the service: pika-expander list',
  field: 'Field',
  request: 'Request',
  error: 'Error:',
  noShell: (text: string, all: string) => `"${text}" is no shell; there are ${all}.`,
};

export const connection = {
  sources: { flag: 'the flag --url', default: 'the default' },
  nothingListens: (where: string, source: string) =>
    `Nothing listens at ${where} (from ${source}): connection refused.`,
  startIt: 'Is the service running? Start it with: pika-expander serve',
  elsewhere: 'If it runs elsewhere, give its address: --url http://host:port or PIKA_EXPANDER_URL.',
  notResolved: (where: string, source: string) => `The name in ${where} (from ${source}) cannot be resolved.`,
  checkSpelling: 'Check the spelling of the address: --url http://host:port or PIKA_EXPANDER_URL.',
  tooLate: (where: string, source: string) => `${where} (from ${source}) did not answer in time.`,
  perhapsDone: 'The request may or may not have been carried out: look with pika-expander list.',
  tryAgain: 'Try again in a moment.',
  lookAtHealth: (url: string) => `Look at the service's health: ${url}/readyz and its log.`,
  failed: (where: string, source: string, why: string) =>
    `The connection to ${where} (from ${source}) failed: ${why}.`,
  notTheService: (where: string, source: string) =>
    `What answers at ${where} (from ${source}) is not pika-expander.`,
  checkAddress: 'Check the address: --url http://host:port or PIKA_EXPANDER_URL.',
  closed: 'the service closed the connection',
  http: (url: string, status: number) => `The service at ${url} answered with HTTP ${status}.`,
  giveToken: 'Give a token: PIKA_EXPANDER_TOKEN, --token-file, or "token" in the config file.',
  unknownToken:
    'The service does not know this token: check PIKA_EXPANDER_TOKEN, --token-file or the config file.',
};

export const settings = {
  notAnAddress: (text: string, source: string) => `"${text}" (from ${source}) is not an address.`,
  notHttp: (text: string, source: string) => `"${text}" (from ${source}) is neither http:// nor https://.`,
  addressForm: 'Give it as http://host:port, for example --url http://127.0.0.1:8080.',
  holdsPassword: (source: string) => `The address from ${source} holds a user name or password.`,
  leaveItOut: 'Leave it out, and give the token by --token-file, PIKA_EXPANDER_TOKEN or the config file.',
  files: {
    token: 'token file',
    config: 'config file',
    configWithToken: 'config file with a token,',
    policy: 'policy file',
    nodes: 'nodes file',
    campaign: 'campaign file',
    masters: 'masters file',
    agent: 'file of the agent',
    password: 'password file',
    address: 'address file',
    secret: 'secret file',
  },
  openToAll: (what: string, path: string) =>
    `Every user of this machine may read or change the ${what} ${path}.`,
  closeIt: (path: string) => `Take that away: chmod o= ${path}`,
  emptyToken: (path: string) => `The token file ${path} is empty.`,
  unreadable: (what: string, path: string, why: string) => `The ${what} ${path} cannot be read: ${why}`,
  checkPath: 'Check the path and its permissions.',
  notJson: (what: string, path: string, why: string) => `The ${what} ${path} is not JSON: ${why}`,
  notAnObject: (what: string, path: string) => `The ${what} ${path} does not hold a JSON object.`,
  unknownKey: (path: string, key: string) => `The config file ${path} has an unknown key "${key}".`,
  notAText: (path: string, key: string) => `"${key}" in the config file ${path} must be a text.`,
  example: 'It holds JSON like {"url": "http://127.0.0.1:8080", "tokenFile": "/path/to/token"}.',
};

export const request = {
  nodeForm:
    'Write a node as host:port, with what the request permits after commas: 10.0.0.2:9221,overwrite-data,repoint,seen-as=192.168.7.2:9221,credential=name',
  notForMaster: (text: string) =>
    `"${text}": overwrite-data and repoint are for nodes to be added, not for the master.`,
  noAddress: (text: string) => `"${text}" does not begin with host:port.`,
  badSeenAs: (text: string, value: string) => `"${text}": seen-as is "${value}", which is not host:port.`,
  unknownPart: (text: string, part: string, nearest: string | null) =>
    `"${text}": "${part}" is not known here.${nearest === null ? '' : ` Did you mean ${nearest}?`}`,
  planAlone: '--plan takes a plan as it was made; leave the master and the nodes out.',
  planPolicy: '--plan takes a plan as it was made; leave the policy and its flags out.',
  noMaster: 'No master is named.',
  retryMaster: '--retry-of takes the master of the expansion that it names; leave --master out.',
  nameMaster:
    'Name the master (--master host:port) and the nodes, a plan made before (--plan ID), or an expansion that has ended (--retry-of ID).',
  noNode: 'No node to be added is named.',
  nameNodes: 'Name them after the options (host:port …), or one a line in a file: --nodes-file FILE.',
  noTime: (text: string) => `--at is "${text}", which is no time.`,
  timeForm: 'Write 22:00 (the next), 2026-12-01T22:00, or with an offset: 2026-12-01T22:00+08:00.',
  passed: (text: string) => `--at is "${text}", which has passed.`,
  leaveAtOut: 'Leave it out to begin at once.',
};

export const flags = {
  unknownMember: (flag: string, name: string, nearest: string | null, examples: string) =>
    `${flag} holds "${name}".${nearest === null ? '' : ` Did you mean ${nearest}?`} Give names and values such as ${examples}.`,
  form: (flag: string, text: string, example: string) => `${flag} is "${text}"; write it like "${example}".`,
  give: (flag: string, text: string, allowed: readonly string[]) =>
    `${flag} is "${text}"; give ${allowed.join(' or ')}.`,
  groupExample: (example: string, more: string) => `for example ${example} (also ${more})`,
  listExample: (example: string) => `for example "${example}"; may be given several times`,
  withDefault: (text: string, value: string) => `${text} (default: ${value})`,
  comma: ', ',
  semicolon: '; ',
  duration: 'a duration such as 500ms, 30s, 5m or 1h',
  bytes: 'a number of bytes such as 500KB, 10MB or 1.5GB',
  number: 'a number',
  whole: 'a whole number',
};
