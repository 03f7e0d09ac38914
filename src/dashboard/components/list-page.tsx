import { Button } from '@mantine/core';
import { type ComponentProps, type ReactNode, useState } from 'react';
import type { Action } from '../../model/access.ts';
import { useMay } from '../api/queries.ts';
import { ListPanel } from './list-panel.tsx';
import { PageTitle } from './parts.tsx';

type ListProps<T extends { readonly id: string }> = Omit<
  ComponentProps<typeof ListPanel<T>>,
  'label' | 'none'
>;

interface ListPageProps<T extends { readonly id: string }> extends ListProps<T> {
  /** The action by which another one is started. */
  readonly startedBy: Action;
  readonly texts: Readonly<Record<'title' | 'start' | 'none' | 'noneText', string>>;
  /** Asks for what a new one needs. */
  readonly dialog: (onClose: () => void) => ReactNode;
}

/** A page with a list of what was started, and a button that starts another one, for those who may. */
export function ListPage<T extends { readonly id: string }>({
  texts,
  startedBy,
  dialog,
  ...list
}: ListPageProps<T>) {
  const may = useMay(startedBy);
  const [asking, setAsking] = useState(false);
  return (
    <div className="main">
      <div className="row apart">
        <PageTitle title={texts.title}>{texts.title}</PageTitle>
        {may && <Button onClick={() => setAsking(true)}>{texts.start}</Button>}
      </div>
      {asking && dialog(() => setAsking(false))}
      <ListPanel
        {...list}
        label={texts.title}
        none={
          <>
            <h2>{texts.none}</h2>
            <p>{texts.noneText}</p>
          </>
        }
      />
    </div>
  );
}
