import { Button } from '@mantine/core';
import { type ComponentProps, type ReactNode, useState } from 'react';
import { useIsOperator } from '../api/queries.ts';
import { ListPanel } from './list-panel.tsx';
import { PageTitle } from './parts.tsx';

type ListProps<T extends { readonly id: string }> = Omit<
  ComponentProps<typeof ListPanel<T>>,
  'label' | 'none'
>;

interface ListPageProps<T extends { readonly id: string }> extends ListProps<T> {
  readonly texts: Readonly<Record<'title' | 'start' | 'none' | 'noneText', string>>;
  /** Asks for what a new one needs. */
  readonly dialog: (onClose: () => void) => ReactNode;
}

/** A page with a list of what was started, and a button by which an operator starts another one. */
export function ListPage<T extends { readonly id: string }>({ texts, dialog, ...list }: ListPageProps<T>) {
  const operator = useIsOperator();
  const [asking, setAsking] = useState(false);
  return (
    <div className="main">
      <div className="row apart">
        <PageTitle title={texts.title}>{texts.title}</PageTitle>
        {operator && <Button onClick={() => setAsking(true)}>{texts.start}</Button>}
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
