// node18.mjs: what llmprobe expects of Node 20, for Debian's Node 18
import { Buffer, File } from 'node:buffer';

globalThis.File ??= File;
String.prototype.toWellFormed ??= function toWellFormed() { return Buffer.from(`${this}`).toString(); };
String.prototype.isWellFormed ??= function isWellFormed() { return this.toWellFormed() === `${this}`; };
