import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.LANGGRAPH_URL ?? "http://127.0.0.1:2024";

// The page reaches the server through its own origin: a graph's components are scripts under /ui of the page's origin.
const proxy = {
  "/api": { target: server, rewrite: (path: string) => path.replace(/^\/api/, "") },
  "/ui": { target: server },
};

export default defineConfig({
  plugins: [react()],
  build: { chunkSizeWarningLimit: 1000 }, // in kB; most of it is LangChain's own
  server: { proxy },
  preview: { proxy },
});
