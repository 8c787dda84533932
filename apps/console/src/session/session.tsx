import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { SessionAnswer } from '../api/answers.ts';
import { tell } from '../api/client.ts';
import { Failure } from '../failure.tsx';

/** Who is signed in, where that is asked for, and the way out. */
export function SessionState({ session }: { readonly session: SessionAnswer | undefined }) {
  if (session === undefined || session.access === 'none' || !session.isSignedIn) return null;
  if (session.access === 'proxy') return <bdi className="session quiet">{session.user}</bdi>;
  const signOut = async (): Promise<void> => {
    await tell('DELETE', 'session');
    // A page that is loaded anew has nothing left of what one could see before.
    location.assign('/');
  };
  return (
    <span className="session quiet">
      Signed in{' '}
      <button type="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </span>
  );
}

/** In the place of a page that one has to sign in for. */
export function SignIn({ access }: { readonly access: SessionAnswer['access'] }) {
  const client = useQueryClient();
  const [failure, setFailure] = useState<Error>();
  if (access === 'proxy') {
    return (
      <section className="notice">
        <h1>Nobody is signed in</h1>
        <p>A proxy has to say who you are. Open the console by its address, not by that of tracestore.</p>
      </section>
    );
  }
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    try {
      await tell('POST', 'session', { token: typeof token === 'string' ? token.trim() : '' });
      await client.invalidateQueries();
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (
    <section className="notice sign-in">
      <h1>Sign in</h1>
      <p>
        This store asks for its token. Kubernetes: the notes of the chart tell how to read it. Compose:{' '}
        <code>make up</code> prints it. Elsewhere: whoever installed it has set it as{' '}
        <code>TRACESTORE_CONSOLE_TOKEN</code>.
      </p>
      <form className="row" onSubmit={(event) => void submit(event)}>
        <label>
          Token <input name="token" type="password" autoComplete="current-password" required autoFocus />
        </label>
        <button type="submit" className="primary">
          Sign in
        </button>
      </form>
      {failure !== undefined && <Failure error={failure} />}
    </section>
  );
}
