package web

import (
	"reflect"
	"regexp"
	"strings"
	"time"
)

// describePrograms adds what programs with a token may ask for to the description of
// the API.
func (s *Server) describePrograms(paths, components object) {
	routes := s.programRoutes()
	if len(routes) == 0 {
		return
	}
	components["securitySchemes"] = object{"token": object{
		"type": "http", "scheme": "bearer", "description": "A token that the command postroom token new has made",
	}}
	for _, route := range routes {
		item, _ := paths[route.path].(object)
		if item == nil {
			item = object{}
			paths[route.path] = item
		}
		item[strings.ToLower(route.method)] = route.described()
	}
}

func (r programRoute) described() object {
	o := operation(r.id, r.say, r.parameters(), r.responses())
	names := make([]string, len(r.needs))
	for i, scope := range r.needs {
		names[i] = string(scope)
	}
	o["security"] = []object{{"token": names}}
	o["description"] = "The token has to have: " + strings.Join(names, ", ")
	switch {
	case r.takes != nil:
		o["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": schemaOf(r.takes)}}}
	case r.takesFile != "":
		o["requestBody"] = object{"required": true, "content": object{r.takesFile: object{"schema": object{"type": "string"}}}}
	}
	return o
}

// openParts finds what an address leaves open.
func openParts(path string) (names []string) {
	for _, found := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		names = append(names, found[1])
	}
	return names
}

func (r programRoute) parameters() (list []object) {
	for _, name := range openParts(r.path) {
		list = append(list, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range r.query {
		one := object{"type": "string"}
		if p.number {
			one = object{"type": "integer", "minimum": 1, "maximum": mostAtOnce}
		}
		if len(p.values) > 0 {
			one["enum"] = p.values
		}
		if p.many {
			one = object{"type": "array", "items": one, "maxItems": mostValues}
		}
		list = append(list, object{"name": p.name, "in": "query", "required": p.required, "schema": one, "description": p.say})
	}
	if r.keyed {
		list = append(list, object{"name": "Idempotency-Key", "in": "header", "required": false, "schema": object{"type": "string", "maxLength": 200},
			"description": "The same key is the same request, however often it is sent"})
	}
	return append(list, inLanguageOf())
}

func (r programRoute) responses() object {
	switch {
	case r.givesFile != "":
		return answered("200", "The file", r.givesFile, object{"type": "string"})
	case r.gives == reflect.TypeFor[nothing]():
		return object{"204": object{"description": "It is so now"}}
	}
	all := answered("200", "How it is now", "application/json", schemaOf(r.gives))
	if r.made {
		all["201"] = answered("201", "It was not there before", "application/json", schemaOf(r.gives))["201"]
	}
	return all
}

// schemaOf is the JSON Schema of what is written as a type.
func schemaOf(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	}
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Slice:
		return object{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Struct:
		return schemaOfParts(t)
	}
	return object{"type": "string"}
}

func schemaOfParts(t reflect.Type) object {
	properties, required := object{}, []string{}
	for _, p := range partsOf(t) {
		one := schemaOf(p.kind)
		if len(p.values) > 0 {
			one["enum"] = p.values
		}
		if p.most > 0 {
			one["maxLength"] = p.most
		}
		if p.say != "" {
			one["description"] = p.say
		}
		properties[p.name] = one
		if p.required {
			required = append(required, p.name)
		}
	}
	return object{"type": "object", "required": required, "additionalProperties": false, "properties": properties}
}
