// Imported by Node before the program of a child (`--import`), since loading that takes a second or two: SIGINT, SIGHUP and SIGTERM are
// not for children, see `liveAsChild`.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.on(signal, () => {});
