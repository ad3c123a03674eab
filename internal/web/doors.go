package web

import "net/http"

// submissionsPattern is where programs send.
const submissionsPattern = "/api/v1/forms/{form}/submissions"

// routeDoors names the ways in for other websites and programs.
func (s *Server) routeDoors(mux *http.ServeMux) error {
	mux.Handle("GET "+outsidePattern, s.handle(s.showOutside))
	mux.Handle("POST "+outsidePattern, s.handle(s.submitOutside))
	s.routeEmbedded(mux)
	mux.Handle("GET /f/{form}/print", s.handle(s.showPrint))
	for _, route := range s.apiRoutes() {
		guarded, err := s.fromSites(s.api(route.do))
		if err != nil {
			return err
		}
		mux.Handle(route.method+" "+route.path, s.cross(guarded))
	}
	for _, route := range s.programRoutes() {
		mux.Handle(route.method+" "+route.path, s.api(s.withToken(route)))
	}
	mux.HandleFunc("OPTIONS /api/", func(w http.ResponseWriter, r *http.Request) {
		s.cross(http.HandlerFunc(s.preflight)).ServeHTTP(w, r)
	})
	return nil
}
