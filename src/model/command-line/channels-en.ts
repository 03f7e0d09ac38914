/** Channels and incidents, as the command line shows them. */
export const channels = {
  none: 'There is no channel: nobody is told of what needs a person. Make a channel: pika-expander channel add',
  columns: {
    id: 'ID',
    name: 'NAME',
    kind: 'KIND',
    to: 'TO',
    topics: 'TOPICS',
    quiet: 'QUIET',
    last: 'LAST MESSAGE',
  },
  all: 'everything',
  noMessage: 'none',
  delivered: (moment: string) => `delivered ${moment}`,
  givenUp: (error: string) => `given up: ${error}`,
  onItsWay: 'on its way',
  attempt: (attempts: number, error: string) => `attempt ${attempts}: ${error}`,
  made: (id: string, name: string) =>
    `Channel ${id} (${name}) is made. Test it: pika-expander channel test ${id}`,
  secret: 'Its messages are signed with this secret, which is shown this once:',
  tested: (id: string) => `Channel ${id} has taken the test message.`,
  notTested: (id: string, error: string) => `Channel ${id} has not taken the test message: ${error}`,
  removed: (id: string) => `Channel ${id} is deleted, with its messages.`,
  noIncident: 'Nothing needs a person.',
  since: (title: string, moment: string) => `${title}, since ${moment}`,
  over: (moment: string) => `, over at ${moment}`,
  acknowledgedBy: (name: string) => `, acknowledged by ${name}`,
  more: (count: number) => `and ${count} more`,
  acknowledged: (id: string) =>
    `Incident ${id} is acknowledged. It is not said again unless a problem is added.`,
  acknowledgedAndOver: (id: string) => `Incident ${id} is acknowledged, and over.`,
  needsName: 'This needs a --name: what people call the channel.',
  needsKind: (kinds: string) => `This needs a --kind: ${kinds}.`,
  needsAddress: 'This needs an --address-file or an --address: the address that the service gave you.',
  noTopic: (flag: string, topic: string, all: string) =>
    `${flag} holds "${topic}", which is no topic. The topics are ${all}.`,
  never: 'never',
};
