import { Button, Modal, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useMessages } from '../i18n.tsx';
import { ErrorNotice } from './parts.tsx';
import { useFocusBack } from './reason-dialog.tsx';

interface StartDialogProps<T> {
  readonly texts: Readonly<Record<'title' | 'text' | 'submit', string>> & {
    /** Absent = nothing is compared. */
    readonly depth?: string;
  };
  /** What is asked for beside the depth. `checked`: the person has tried to send it, so faults are shown. */
  readonly fields: (checked: boolean) => ReactNode;
  /** Whether what was given can be sent. */
  readonly isComplete: boolean;
  readonly start: (depth: string) => Promise<T>;
  readonly onStarted: (started: T) => void;
  readonly onClose: () => void;
}

/** Asks for what an audit, a comparison, a guard or a replacement needs, and starts it. */
export function StartDialog<T>(props: StartDialogProps<T>) {
  const { texts, fields, isComplete, start, onStarted, onClose } = props;
  const t = useMessages();
  const [depth, setDepth] = useState('sample');
  const [checked, setChecked] = useState(false);
  useFocusBack();
  const sending = useMutation({ mutationFn: () => start(depth), onSuccess: onStarted });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (isComplete) sending.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={texts.title}
      centered
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t.common.close }}
    >
      <form className="stack" onSubmit={submit} noValidate>
        <p className="soft">{texts.text}</p>
        {fields(checked)}
        {texts.depth !== undefined && (
          <NativeSelect
            label={texts.depth}
            value={depth}
            onChange={(event) => setDepth(event.currentTarget.value)}
            data={(['sample', 'full', 'counts'] as const).map((value) => ({
              value,
              label: t.comparisons.depths[value],
            }))}
          />
        )}
        {sending.isError && <ErrorNotice error={sending.error} title={t.error.controlRefused} />}
        <div className="row end">
          <Button variant="default" onClick={onClose}>
            {t.common.dismiss}
          </Button>
          <Button type="submit" loading={sending.isPending}>
            {texts.submit}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
