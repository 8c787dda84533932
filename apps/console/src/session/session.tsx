import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { SessionResponse } from '../api/types.ts';
import { send } from '../api/client.ts';
import { Failure } from '../failure.tsx';

/** The signed-in user and a button to sign out; nothing if no sign-in is needed. */
export function SessionState({ session }: { readonly session: SessionResponse | undefined }) {
  if (session === undefined || session.access === 'none' || !session.isSignedIn) return null;
  if (session.access === 'proxy') return <bdi className="session quiet">{session.user}</bdi>;
  const signOut = async (): Promise<void> => {
    await send('DELETE', 'session');
    // A full page load also discards cached data.
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

/** The sign-in form. */
export function SignIn({ access }: { readonly access: SessionResponse['access'] }) {
  const client = useQueryClient();
  const [failure, setFailure] = useState<Error>();
  if (access === 'proxy') {
    return (
      <section className="notice">
        <h1>Not signed in</h1>
        <p>The proxy did not send a user name. Open the console at the address of the proxy.</p>
      </section>
    );
  }
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    try {
      await send('POST', 'session', { token: typeof token === 'string' ? token.trim() : '' });
      await client.invalidateQueries();
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (
    <section className="notice sign-in">
      <h1>Sign in</h1>
      <p>
        This store requires its token. On Kubernetes, the notes of the chart say how to read it. With Compose,{' '}
        <code>make up</code> prints it. Otherwise it is the value of <code>TRACESTORE_CONSOLE_TOKEN</code>.
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
