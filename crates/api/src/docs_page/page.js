// Starts Swagger UI on this server's own document.
"use strict";

// An operation that the document marks so has an answer without an end, or is no HTTP request: the page could only
// wait for it.
const leaveOutTryIt = () => ({
  statePlugins: {
    spec: {
      wrapSelectors: {
        allowTryItOutFor: (original, system) => (state, path, method) =>
          system.specSelectors.specJson().getIn(["paths", path, method, "x-try-it-out"]) !== false &&
          original(state, path, method),
      },
    },
  },
});

window.ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  // All operations at a glance; the schemas below them only when they are asked for.
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [leaveOutTryIt],
  layout: "BaseLayout",
});
