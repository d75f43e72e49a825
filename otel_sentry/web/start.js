// Starts Sentry's SDK in the page with what the server told, and keeps the user the wallet that is signed in.
(() => {
  const told = document.getElementById("otel-sentry");
  const sentry = window.Sentry;
  if (!told || !sentry || !sentry.init) return; // an ad blocker kept the SDK away
  const { masking, privacy, user, ...options } = JSON.parse(told.textContent);
  const replays = options.replaysSessionSampleRate + options.replaysOnErrorSampleRate > 0;
  const integrations = [sentry.browserTracingIntegration()];
  if (replays) {
    integrations.push(sentry.replayIntegration({
      maskAllText: masking === "all",
      maskAllInputs: masking !== "none",
      blockAllMedia: masking === "all",
    }));
  }
  sentry.init({
    ...options,
    integrations,
    dataCollection: { userInfo: false, cookies: false, httpHeaders: false, httpBodies: [] },
  });

  // A page load that continues the server's trace has the server's sampling context, which knows of no replay yet.
  const context = sentry.getCurrentScope().getPropagationContext().dsc;
  const replay = sentry.getReplay && sentry.getReplay();
  if (context && replay && replay.getRecordingMode() === "session") context.replay_id = replay.getReplayId();

  // One spelling of a wallet, as on the server.
  const caip10 = /^(?:did:pkh:)?(?:aptos|bip122|cosmos|eip155|hedera|near|polkadot|solana|starknet|stellar|sui|tezos|xrpl):[-_a-zA-Z0-9]{1,32}:([-.%a-zA-Z0-9]+)$/;
  const caseless = /^(?:0[xX][0-9a-fA-F]+|[A-Z]{1,20}1[02-9AC-HJ-NP-Z]{6,}|[-a-zA-Z0-9_.]+\.[eE][tT][hH])$/;
  const spelled = (text) => {
    const address = (caip10.exec(text) ?? [text, text])[1];
    return caseless.test(address) ? address.toLowerCase() : address;
  };
  const shown = {
    plain: (address, name) => ({ id: address, username: name || address }),
    short: (address) => {
      const text = address.length < 20 ? address : `${address.slice(0, 6)}\u2026${address.slice(-4)}`;
      return { id: text, username: text };
    },
  };
  const userOf = (wallet) => {
    if (!wallet || privacy === "off") return null;
    if (wallet.id) return { id: String(wallet.id), username: String(wallet.id) };
    const address = spelled(String(wallet.address ?? "").trim());
    return address && shown[privacy] ? shown[privacy](address, wallet.name) : null;
  };

  if (user) sentry.setUser(user);
  window.addEventListener("otel-sentry:wallet", (event) => sentry.setUser(userOf(event.detail)));
})();
