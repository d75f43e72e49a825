// Real Spotlight on loopback, by its package API: its command line reports its own errors to the outside.
import { readFileSync } from "node:fs";
import net from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const listen = net.Server.prototype.listen; // there is no option for the address
net.Server.prototype.listen = function (port, ...rest) {
  return typeof port === "number"
    ? listen.call(this, { port, host: "127.0.0.1" }, rest.find((one) => typeof one === "function"))
    : listen.call(this, port, ...rest);
};

const { setupSpotlight } = await import("@spotlightjs/spotlight");
const ui = join(dirname(fileURLToPath(import.meta.resolve("@spotlightjs/spotlight"))), "../ui");
const manifest = Object.values(JSON.parse(readFileSync(join(ui, "manifest.json"), "utf8")));
const names = ["index.html", ...manifest.flatMap((entry) => [entry.file, ...(entry.css ?? [])])];
const filesToServe = Object.fromEntries(names.map((name) => [name, readFileSync(join(ui, name))]));
await setupSpotlight({ port: Number(process.argv[2]), filesToServe, isStandalone: true });
