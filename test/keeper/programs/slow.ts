// A program that never has loaded. Says that it loads, and ends by a signal of its own.
process.on('SIGUSR2', () => process.exit(9));
process.stderr.write('loading\n');
setInterval(() => {}, 1000);
