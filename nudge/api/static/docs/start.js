// Shows /openapi.json. A file of its own, because the page's policy allows no script inside it.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  // The validator's badge would come from another host.
  validatorUrl: null,
  persistAuthorization: false,
});
