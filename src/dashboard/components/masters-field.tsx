import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { useMessages } from '../i18n.tsx';
import { parseNodes } from '../pages/new-expansion/parse-nodes.ts';

/** The masters that a person names, one a line; none = all that the service knows. */
export function useMasters() {
  const { masters: label, mastersHelp } = useMessages().audits;
  const [text, setText] = useState('');
  const { nodes, problems } = parseNodes(text);
  return {
    masters: nodes.length === 0 ? ('all' as const) : nodes.map(({ address }) => address),
    isComplete: problems.length === 0,
    field: (checked: boolean) => (
      <Textarea
        data-autofocus
        label={label}
        description={mastersHelp}
        className="mono-input"
        rows={5}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        spellCheck={false}
        error={checked && problems[0] ? `${problems[0].text}: host:port` : undefined}
      />
    ),
  };
}
